"""From source packages to a checkpoint: corpus, tokenizer, pre-training, model folder."""
