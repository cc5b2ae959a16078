"""Makes the model folders that `tagger` reads. Start reading at `trainer.train`."""
