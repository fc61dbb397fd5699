-- handback: processing -> queued at the head of the lane, by a worker that is stopping; no attempt is charged
--   work_id         string
--   fence           integer
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'queued', 'cancelled' (that was asked for) or 'lost'.

local id = args.work_id
if not holds(id, args.fence) then return 'lost' end
if cancel_requested(id) then return cancel_attempt(id) end
end_attempt(id, 'handed_back')
redis.call('HINCRBY', work_key(id), 'attempts', -1)
requeue(id)
return 'queued'
