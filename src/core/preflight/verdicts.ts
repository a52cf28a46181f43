/** Whether a host is fit for a daemon: from what was found to what is said of it. */
import type { Check } from '../../model/check.ts'
import { compareBuilds } from '../../model/version.ts'
import type { Engine, HostFacts, Port } from './host-facts.ts'

/** Oldest Node, and oldest Docker Engine, that are known to work. */
const oldestNode = '22.12.0'
const oldestEngine = '20.10.0'
const gib = 1_073_741_824
/** More than this and certificates and tokens may be refused; much less is usual with NTP. */
const mostSkewMs = 5_000
const someSkewMs = 500

type Verdict = Omit<Check, 'name' | 'docs'>

const ok = (evidence: string): Verdict => ({ status: 'ok', evidence, fix: null })
const warn = (evidence: string, fix: string): Verdict => ({ status: 'warn', evidence, fix })
const fail = (evidence: string, fix: string): Verdict => ({ status: 'fail', evidence, fix })

const operations = (heading: string): string => `docs/operations.md#${heading}`

export function hostVerdicts(facts: HostFacts): readonly Check[] {
  const check = (name: string, verdict: Verdict, docs: string): Check => ({ name, ...verdict, docs })
  return [
    check('node', nodeVerdict(facts), 'README.md'),
    check('engine', engineVerdict(facts), 'docs/guide.md#what-runs-it-executors'),
    check('nvidia', nvidiaVerdict(facts), 'docs/guide.md#gpus'),
    check('gpu containers', toolkitVerdict(facts), 'docs/guide.md#gpus'),
    check('cgroup', cgroupVerdict(facts), 'docs/guide.md#what-runs-it-executors'),
    check('clock', clockVerdict(facts), operations('clocks')),
    check('data directory', diskVerdict(facts), operations('disk-full')),
    ...facts.ports.map((port) => check(port.what, portVerdict(port), 'docs/reference/config.md')),
    check('open files', filesVerdict(facts), operations('limits')),
    check('inotify', inotifyVerdict(facts), operations('limits')),
    check('firewall', firewallVerdict(facts), operations('ports')),
    check('overlay', overlayVerdict(facts), operations('the-overlay')),
    check('systemd', systemdVerdict(facts), operations('systemd')),
  ]
}

const nodeVerdict = ({ node }: HostFacts): Verdict =>
  compareBuilds(node, oldestNode) >= 0
    ? ok(`Node ${node}`)
    : fail(`Node ${node} is older than ${oldestNode}`, 'install Node 24 from https://nodejs.org')

function engineVerdict({ engine, executor }: HostFacts): Verdict {
  if (executor === 'process' || executor === 'simulated') return ok(`not needed by the ${executor} executor`)
  if (!isEngine(engine)) {
    const fix = 'apt-get install docker.io && systemctl enable --now docker'
    return executor === 'docker'
      ? fail(engine.problem, fix)
      : warn(`${engine.problem}; work will run as plain processes, not in containers`, fix)
  }
  return compareBuilds(engine.version, oldestEngine) >= 0
    ? ok(`Docker Engine ${engine.version}`)
    : warn(`Docker Engine ${engine.version} is older than ${oldestEngine}`, 'upgrade it to 20.10 or newer')
}

const isEngine = (engine: HostFacts['engine']): engine is Engine => 'version' in engine

function nvidiaVerdict({ nvidia }: HostFacts): Verdict {
  if (nvidia.gpus > 0) return ok(`${nvidia.gpus} GPU(s), driver ${nvidia.driver ?? 'of unknown version'}`)
  if (nvidia.problem === null || nvidia.problem.endsWith(' is not installed')) return ok('no NVIDIA GPU here')
  return fail(nvidia.problem, 'run nvidia-smi, and reinstall the driver if it fails there too')
}

function toolkitVerdict({ nvidia, engine, executor }: HostFacts): Verdict {
  if (nvidia.gpus === 0) return ok('no NVIDIA GPU to give')
  if (!isEngine(engine) || executor === 'process' || executor === 'simulated') return ok('no engine to give GPUs to')
  if (engine.hasCdi) return ok('CDI knows the GPUs')
  if (engine.runtimes.includes('nvidia')) return ok('the engine has the runtime nvidia')
  return fail(
    'the engine has neither the runtime nvidia nor CDI, so containers get no GPU',
    'apt-get install nvidia-container-toolkit && nvidia-ctk runtime configure --runtime=docker && systemctl restart docker',
  )
}

function cgroupVerdict({ cgroup }: HostFacts): Verdict {
  if (cgroup === 2) return ok('version 2')
  if (cgroup === 1)
    return warn('version 1, which newer systems give up', 'boot with systemd.unified_cgroup_hierarchy=1')
  return warn('none, so memory and CPU of work cannot be limited', 'mount -t cgroup2 none /sys/fs/cgroup')
}

function clockVerdict({ clock }: HostFacts): Verdict {
  const fix = 'timedatectl set-ntp true'
  const skews = clock.peers.flatMap((one) => ('skewMs' in one ? [one] : []))
  const worst = skews.toSorted((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs))[0]
  const silent = clock.peers.flatMap((one) => ('problem' in one ? [`${one.peer}: ${one.problem}`] : []))
  if (worst !== undefined && Math.abs(worst.skewMs) > someSkewMs) {
    const evidence = `${inSeconds(worst.skewMs)} ${worst.skewMs > 0 ? 'behind' : 'ahead of'} ${worst.peer}`
    return Math.abs(worst.skewMs) > mostSkewMs ? fail(evidence, fix) : warn(evidence, fix)
  }
  if (silent.length > 0)
    return warn(`no clock to compare with: ${silent.join('; ')}`, 'name a peer that answers with --against')
  if (worst !== undefined) return ok(`within ${inSeconds(someSkewMs)} of ${skews.length} peer(s)`)
  if (clock.isSynchronized === false) return warn('not synchronized', fix)
  return ok(
    clock.isSynchronized === true
      ? 'synchronized'
      : 'not compared; name peers with --against http://HOST:PORT to do so',
  )
}

const inSeconds = (ms: number): string => `${(Math.abs(ms) / 1_000).toFixed(1)} s`

function diskVerdict({ dataDir }: HostFacts): Verdict {
  if ('problem' in dataDir) return fail(dataDir.problem, 'choose another place with --data-dir')
  const { path, freeBytes, isWritable } = dataDir
  if (!isWritable) return fail(`${path} cannot be written`, `chown -R "$(id -un)" ${path}`)
  const evidence = `${(freeBytes / gib).toFixed(1)} GiB free at ${path}`
  if (freeBytes < gib) return fail(evidence, 'free some space, or choose another place with --data-dir')
  return freeBytes < 10 * gib ? warn(evidence, 'free some space: images and logs need it') : ok(evidence)
}

function portVerdict({ address, state }: Port): Verdict {
  switch (state) {
    case 'free':
      return ok(`${address} is free`)
    case 'ours':
      return ok(`${address} is held by the daemon that runs here`)
    case 'taken':
      return fail(`${address} is taken by something else`, `ss -ltnp 'sport = :${portOf(address)}'`)
    case 'forbidden':
      return fail(`${address} may not be listened at`, 'choose another with --listen or --api')
  }
}

const portOf = (address: string): string => /\d+$/.exec(address)?.[0] ?? ''

function filesVerdict({ openFiles }: HostFacts): Verdict {
  if (openFiles === null) return ok('not limited, as far as can be seen')
  const fix = 'ulimit -n 65536, or LimitNOFILE=65536 in the unit'
  if (openFiles < 1_024) return fail(`at most ${openFiles}`, fix)
  return openFiles < 8_192 ? warn(`at most ${openFiles}`, fix) : ok(`at most ${openFiles}`)
}

function inotifyVerdict({ inotify }: HostFacts): Verdict {
  if (inotify === null) return ok('not counted here')
  const { instances, watches } = inotify
  const evidence = `${instances} instances, ${watches} watches`
  return instances < 128 || watches < 8_192
    ? warn(evidence, 'sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288')
    : ok(evidence)
}

function firewallVerdict({ firewall, ports }: HostFacts): Verdict {
  const port = portOf(ports.find(({ what }) => what === 'mesh port')?.address ?? '') || '4710'
  switch (firewall) {
    case 'none':
      return ok('none that is known: peers must reach this host by TCP')
    case 'ufw':
      return warn(`ufw is active: other peers must be let in to ${port}/tcp`, `ufw allow ${port}/tcp`)
    case 'firewalld':
      return warn(
        `firewalld is active: other peers must be let in to ${port}/tcp`,
        `firewall-cmd --permanent --add-port=${port}/tcp && firewall-cmd --reload`,
      )
  }
}

/** Most hosts do without, so only where its owner has asked for it is it a shortcoming. */
function overlayVerdict({ overlay }: HostFacts): Verdict {
  const { provider, port, obstacle, fix } = overlay
  if (provider === 'none') return ok('this host takes part in none, as its settings want it')
  if (provider === 'tailscale')
    return obstacle === null
      ? ok('Tailscale’s client answers')
      : warn(`the tailnet is not there: ${obstacle}`, fix ?? 'see  clawbernetes network tailscale status')
  if (obstacle === null) return ok(`WireGuard can be set up; other hosts must reach ${port}/udp and ${port + 1}/udp`)
  if (provider === 'auto') return ok(`none can be set up here, as ${obstacle}; a mesh needs none`)
  return warn(
    `WireGuard cannot be set up here, as ${obstacle}`,
    'apt-get install wireguard-tools iproute2, and give the daemon CAP_NET_ADMIN (AmbientCapabilities in its unit)',
  )
}

const systemdVerdict = ({ hasSystemd }: HostFacts): Verdict =>
  hasSystemd
    ? ok('it can run the daemon: clawnode install --systemd')
    : warn('not here: something else has to start the daemon with the host', 'see config/compose.yaml for containers')
