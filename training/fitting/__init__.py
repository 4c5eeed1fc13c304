"""Fit a causal language model to rows of tokens, with transformers' Trainer: killed, it goes on where it was.

settings.py    what a person may choose
sequences.py   what is learned: token ids with labels
packing.py     sequences -> rows, on disk
models.py      a model folder or hub id -> a model that learns: LoRA, new tokens, number formats
heldout.py     bits per byte on held-out texts
trainer.py     the Trainer: whole checkpoints only, a curve, signals, an early end
fit.py         rows, training, the end: all of it
work.py        what is fitted to what, and how it ends: model, manifest, plot, record
record.py      `fit.json`, and the model's manifest
progress.py    how it goes, on standard error
apart.py       the same in a process of its own, or in several by accelerate
"""
