"""What was measured and how: each module prints ratios taken in one run; the project imports none of it."""
