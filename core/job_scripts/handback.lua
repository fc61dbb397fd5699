-- handback: processing -> queued at the head of the lane, by a worker that is stopping; no attempt is charged
--   job_id   string
--   fence    integer
-- Returns 'queued' or 'lost'.

if not holds(args.job_id, args.fence) then return 'lost' end
redis.call('HINCRBY', job_key(args.job_id), 'attempts', -1)
requeue(args.job_id)
return 'queued'
