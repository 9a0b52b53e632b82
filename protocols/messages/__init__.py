"""Every message of bw/1 as a value, by what it is about; asyncapi.yaml must agree with them.

Re-exports nothing: `events`, `commands`, `work`, `roots`, `presence`, `acks`, `asking` and
`configuration` hold the messages, `fields` what they are made of, `channels` which travels where,
`codec` how they become bytes.
"""
