"""The engine `remote`: one or many servers of the same model, asked over OpenAI's completions API.

options.py      what a person chooses
engine.py       the engine: jobs in, outputs out, one state
fleet.py        replicas: who is ready, who gets a job, who is left out and tried again
routing.py      which replica a session belongs to
connection.py   HTTP: certificates, proxies, key, time limits, and every way in which it fails
admission.py    what a replica must show before it gets work
api.py          what the two dialects have in common: the pieces of a stream
vllm_api.py     vLLM: token ids there and back, token healing
text_api.py     any other endpoint: strings only
"""
