"""Continue a base model's pre-training on a corpus: documents -> sequences with holes and replay -> a fitted model."""
