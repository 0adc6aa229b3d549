"""What is measured on predictions? The metrics by family, and what they share in ``base``."""
