"""Recording, model of the disk, images, verdicts, and a short campaign over real processes."""
