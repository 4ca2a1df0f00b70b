"""The emulated machine: QEMU, its console, its shell, its page."""
