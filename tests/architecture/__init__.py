"""What the layout promises: packages, contracts and documents agree with the disk."""
