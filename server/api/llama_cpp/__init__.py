"""llama.cpp's protocol, as llama.vim and llama.vscode ask for code."""
