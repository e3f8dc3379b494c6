"""What those who run the system do by hand or by a timer: back up, restore, merge worlds, plan its size."""
