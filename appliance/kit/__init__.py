"""What the kit needs in a car: addresses, time, films; well-kept programs do the work."""
