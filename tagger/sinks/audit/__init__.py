"""An audit as files for people and programs."""
