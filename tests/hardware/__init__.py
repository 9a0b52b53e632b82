"""Scanners on a real kernel: in a virtual machine, or here where there is /dev/uinput."""
