"""A page looked at in headless Chromium: its width, headings, texts for pictures, contrast, and what it loads."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

LOOK = """
function look(doc, win) {
  const rgba = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let n = node; n && n.nodeType === 1; n = n.parentElement) {
      const color = rgba(win.getComputedStyle(n).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const texts = [];
  const walker = doc.createTreeWalker(doc.body, 4);
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement;
    if (!node.data.trim() || ['STYLE', 'SCRIPT'].includes(holder.tagName)) continue;
    texts.push([contrast(rgba(win.getComputedStyle(holder).color), behind(holder)), node.data.trim().slice(0, 40)]);
  }
  const lines = [...doc.querySelectorAll('svg polyline')].map(
    (line) => contrast(rgba(win.getComputedStyle(line).stroke), behind(line.closest('td, section, body'))));
  return {
    width: [doc.documentElement.scrollWidth, win.innerWidth],
    headings: [...doc.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(
      (h) => [Number(h.tagName[1]), h.textContent.trim()]),
    pictures: [...doc.querySelectorAll('img, svg')].map(
      (p) => p.getAttribute('alt') || p.getAttribute('aria-label') || ''),
    broken: [...doc.querySelectorAll('img')].filter((image) => !image.naturalWidth).length,
    faintest: texts.sort((a, b) => a[0] - b[0]).slice(0, 3),
    faintest_line: Math.min(99, ...lines),
    texts: texts.length,
    names: [...doc.querySelectorAll('a')].map((a) => a.textContent.trim()),
    resources: win.performance.getEntriesByType('resource').map((r) => r.name).filter((n) => !n.startsWith('data:')),
    lang: doc.documentElement.lang,
  };
}
"""


def look(page, width, folder):
    """What a browser of this width sees of the text of a page."""
    frame = folder / f"frame-{width}.html"
    frame.write_text(
        f"""<!DOCTYPE html><html><body><iframe style="border:0" width="{width}" height="800" srcdoc="{escape(page)}">
</iframe><pre id="seen"></pre><script>{LOOK}
window.addEventListener('load', () => {{
  const frame = document.querySelector('iframe');
  document.getElementById('seen').textContent = JSON.stringify(look(frame.contentDocument, frame.contentWindow));
}});</script></body></html>""",
        encoding="utf-8",
    )
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
         "--virtual-time-budget=10000", "--dump-dom", frame.as_uri()],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done
    assert found[1], done
    return json.loads(unescape(found[1]))
