"""Reinforcement learning with verified rewards: a model writes programs, they are run, what passed becomes likelier.

settings      what a recipe's `reinforce` may choose
tasks         which tasks can be learned from, and what of them stays hidden
verifier      programs run in parallel with generation, each program and input once
tricks        ways to a pass without a solution, and what finds each
rewards       named parts, combined by weights
policy        GRPO on TRL's trainer
watching      held-out pass rate, early end, a constant reward
run           the job, in a process of its own
"""
