"""The genre goes out: into tags, reports and onto the screen."""
