"""The testers' bench: virtual hardware around the real hub and the real agents.

| module | owns |
|---|---|
| `acts` | every act as data: name, parameters, sentence; page, files and command line read it |
| `bench`, `asking` | `TesterBench`: the acts as methods; what would answer a screen |
| `hardware` | the contract of devices and site, live and in virtual time |
| `live_site`, `terminal_handheld`, `storage` | a hub, and `binlight edge` on a terminal |
| `virtual_site` | the same acts on the same cores in virtual time |
| `display`, `terminal`, `scanner_cable` | hardware: what is seen, and a trigger |
| `told_tone`, `gauge_files`, `shifted_clock`, `weather` | hardware: tones, gauges, clock, air |
| `world_plan`, `labels`, `bars`, `damage` | what can be scanned, how it looks, how spoiled |
| `scenario`, `recorder`, `player`, `playing`, `playing_here` | sessions as files, played again |
| `web`, `watching`, `feed`, `wire_tap`, `papers`, `serving` | the page |
| `command`, `remote` | `binlight sim bench`, `sim play`, `sim do` |

Nothing of the product knows of it: drivers are chosen in a device's configuration.
"""
