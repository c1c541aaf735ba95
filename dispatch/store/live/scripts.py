"""What Redis does in one step, so that nothing comes between; each answers like its namesake in ``memory``.

Redis gives whole numbers up to 2^53 exactly; microseconds since 1970 reach that in the year 2255.
"""

from __future__ import annotations

from typing import Final

REPORT: Final = """
local moved = {}
for i = 1, #ARGV, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  if not known or tonumber(string.match(known, '^-?%d+')) < tonumber(ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2])
    moved[#moved + 1] = ARGV[i]
  end
end
return moved
"""
"""KEYS: newest positions. ARGV: rider, instant, value, for each rider. Answers whose newest position changed."""

LAST_SEQ: Final = """
local seq = redis.call('GET', KEYS[1])
if not seq then
  local time = redis.call('TIME')
  seq = string.format('%.0f', time[1] * 1000000 + time[2])
  redis.call('SET', KEYS[1], seq)
end
return seq
"""
"""KEYS: counter of a channel. A channel begins at the present microsecond: beyond all numbers of one that was lost."""

PUBLISH: Final = """
local seq = redis.call('GET', KEYS[1])
if not seq then
  local time = redis.call('TIME')
  seq = time[1] * 1000000 + time[2]
end
seq = string.format('%.0f', tonumber(seq) + 1)
redis.call('SET', KEYS[1], seq)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], seq .. '-0', 'data', ARGV[2])
redis.call('PUBLISH', ARGV[3], seq)
return seq
"""
"""KEYS: counter, notices. ARGV: how many to keep, data, where to ring."""

ACQUIRE: Final = """
local held = redis.call('HMGET', KEYS[1], 'holder', 'token')
local token = held[2]
if held[1] then
  if held[1] ~= ARGV[1] then return false end
else
  local time = redis.call('TIME')
  local last = tonumber(redis.call('GET', KEYS[2]) or '0')
  token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
  redis.call('SET', KEYS[2], token)
  redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', token)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return token
"""
"""KEYS: lease, last token. ARGV: holder, milliseconds. Answers the token, or nothing where another holds it."""

RENEW: Final = """
local held = redis.call('HMGET', KEYS[1], 'holder', 'token')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
"""KEYS: lease. ARGV: holder, token, milliseconds; 0 milliseconds give it back."""

TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local period, cost = tonumber(ARGV[2]), tonumber(ARGV[3])
local each = math.floor(period / tonumber(ARGV[1]))
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = full_at + each * cost
local too_soon = after - period - now
if too_soon > 0 then return {0, full_at - now, too_soon} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, after - now, 0}
"""
"""KEYS: bucket. ARGV: limit, period in microseconds, cost. Answers 1 if it passes, what is used, how much too soon."""
