"""The testers' bench: virtual hardware around the real hub and the real agents.

| module | owns |
|---|---|
| `acts` | every act as data: its name, its parameters, its sentence; pages and files read this |
| `bench` | `TesterBench`: the acts as methods, the same for the page, the command line and files |
| `live_site`, `live_handheld` | real processes: hub, broker, `binlight edge` on a terminal |
| `virtual_site` | the same in virtual time |
| `terminal`, `scanner_cable`, `told_tone`, `shifted_clock`, `gauge_files` | the hardware |
| `labels`, `damage`, `bars` | what can be scanned, how it is spoiled, how it looks |
| `scenario`, `recorder`, `player`, `expectations` | sessions that can be played again |
| `web`, `feed`, `wire_tap`, `papers` | the page |
| `command` | `binlight sim bench`, `sim play`, `sim do` |

Nothing of the product knows of it: drivers are chosen in a device's configuration.
"""
