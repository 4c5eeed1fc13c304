"""Between text and token ids: no input, no output, no engine; `tokenizers` is the only library."""
