"""Tune a model on instructions: pairs of a question and an answer, mined from a corpus or written by a program."""
