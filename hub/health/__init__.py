"""How the hub itself is: for whoever owns the shop, and for machines that watch over machines.

`facts` gathers, `rules` judges, `texts` puts it into words, `metrics` into Prometheus' format.
Nothing here changes anything, but
for `disk_room`, which opens and settles one exception.
"""
