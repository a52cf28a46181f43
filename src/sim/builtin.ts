/** Scenarios that come along, as the files that they could be. */
export const builtins: Readonly<Record<string, string>> = {
  small: `# Five peers and fifty workloads in half a minute; the leader is killed on the way and comes back.
name = "small"
about = "Five peers, fifty workloads, and a leader that is killed and comes back."
peers = 5
gpus = "4xH100"

[work]
arrivals = "poisson"
count = 50
over = "20s"
gpus = [1, 1, 2, 4]
duration = { distribution = "exponential", mean = "3s", min = "500ms", max = "8s" }
priorities = [500, 500, 800]

[[faults]]
kind = "crash"
target = "leader"
at = "8s"
restart_after = "8s"
`,
  partition: `# Eleven peers; some are cut off, the leader among them, while others are slow, and a newcomer joins.
name = "partition"
about = "Eleven peers: the leader is cut off with two others, then some links are slow, one peer joins, one leaves."
peers = 11
gpus = "4xA100"

[work]
arrivals = "uniform"
count = 120
over = "60s"
gpus = [1, 2, 4]
duration = { distribution = "uniform", mean = "6s", min = "2s" }

[[faults]]
kind = "partition"
at = "12s"
for = "15s"
cut_off = ["leader", "peer-10", "peer-11"]

[[faults]]
kind = "slow"
at = "35s"
for = "15s"
latency = "60ms"
who = 0.3

[[faults]]
kind = "join"
at = "40s"

[[faults]]
kind = "leave"
target = "peer-9"
at = "52s"
`,
  hundred: `# A hundred peers and a thousand workloads; two peers crash, one of them the leader, and a fifth of the mesh is cut off.
name = "hundred"
about = "A hundred peers with 400 GPUs, a thousand workloads in bursts, a leader that is killed, a crash, and a partition."
peers = 100
gpus = "4xH100"
timing = "wan"
# A hundred daemons need more than two cores: they live at a third of the real speed, so that none is late.
speed = 0.33

[work]
arrivals = "burst"
count = 1000
over = "75s"
bursts = 5
gpus = [1, 1, 2, 2, 4]
duration = { distribution = "exponential", mean = "12s", min = "3s", max = "40s" }
priorities = [500, 500, 500, 800]
failing = 0.02

[[faults]]
kind = "crash"
target = "leader"
at = "20s"
restart_after = "30s"

[[faults]]
kind = "partition"
at = "35s"
for = "15s"
cut_off = 0.2

[[faults]]
kind = "crash"
target = "random"
at = ["58s", "62s"]
`,
}
