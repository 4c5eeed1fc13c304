"""The page on a run: what was learned from, how it went, how the arms compare, what it cost, how it is served.

reading     the run's folder -> its facts
curves      losses and bits per byte as polylines
page        facts -> one HTML file that asks the network for nothing
"""
