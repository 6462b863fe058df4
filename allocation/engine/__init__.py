"""The allocation rules: one implementation for simulation, replay, Monte Carlo and live mode."""
