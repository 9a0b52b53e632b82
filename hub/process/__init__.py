"""The hub as processes of one machine: started, watched, logged, ended."""
