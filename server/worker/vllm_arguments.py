"""From our options to vLLM's engine arguments. Imports vLLM, so `prepare_environment` comes first."""

from __future__ import annotations

from vllm.engine.arg_utils import AsyncEngineArgs

from server.worker.vllm_options import CPU_BLOCK_TOKENS, VllmOptions, cpu_dtype


def engine_arguments(options: VllmOptions, on_cpu: bool) -> AsyncEngineArgs:
    """The arguments for `LLMEngine` and `AsyncLLM` alike."""
    dtype = cpu_dtype() if options.dtype == "auto" and on_cpu else options.dtype
    arguments = AsyncEngineArgs(
        model=options.model,
        dtype=dtype,
        max_model_len=options.context_tokens(on_cpu),
        max_num_seqs=options.max_sequences,
        enforce_eager=options.eager,
        enable_prefix_caching=options.prefix_caching,
        skip_tokenizer_init=True,
        disable_log_stats=True,
        logprobs_mode="processed_logprobs",
        seed=0,
    )
    if on_cpu:
        arguments.block_size = options.block_size or CPU_BLOCK_TOKENS
        arguments.kv_cache_memory_bytes = int(options.kv_cache_gib * 2**30)
    else:
        arguments.gpu_memory_utilization = options.gpu_memory
        if options.block_size:
            arguments.block_size = options.block_size
    if options.adapters:
        arguments.enable_lora = True
        arguments.max_loras = options.adapters
        arguments.max_lora_rank = options.adapter_rank
        arguments.max_cpu_loras = max(options.adapters, options.adapters_kept)
    if options.speculate:
        arguments.speculative_config = {
            "method": "ngram",
            "num_speculative_tokens": options.speculate,
            "prompt_lookup_min": 2,
            "prompt_lookup_max": 4,
        }
    return arguments
