"""Health: what is wrong, where the loss begins, and how the owner sees it without a screen."""
