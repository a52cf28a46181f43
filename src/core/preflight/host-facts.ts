/** What was found on a host before a daemon runs there. `problem` is why something could not be found out. */

export interface Unknown {
  readonly problem: string
}

export interface Engine {
  readonly version: string
  readonly runtimes: readonly string[]
  readonly hasCdi: boolean
}

export interface Port {
  readonly what: string
  readonly address: string
  /** `ours` is a daemon that runs already with this data directory. */
  readonly state: 'free' | 'taken' | 'ours' | 'forbidden'
}

export interface HostFacts {
  /** Of Node, without the v. */
  readonly node: string
  readonly engine: Engine | Unknown
  /** What shall run the work, as configured. */
  readonly executor: 'auto' | 'docker' | 'process' | 'simulated'
  readonly nvidia: { readonly gpus: number; readonly driver: string | null; readonly problem: string | null }
  readonly cgroup: 1 | 2 | null
  readonly clock: {
    readonly isSynchronized: boolean | null
    readonly peers: readonly (
      { readonly peer: string; readonly skewMs: number } | (Unknown & { readonly peer: string })
    )[]
  }
  readonly dataDir: { readonly path: string; readonly freeBytes: number; readonly isWritable: boolean } | Unknown
  readonly ports: readonly Port[]
  readonly openFiles: number | null
  readonly inotify: { readonly instances: number; readonly watches: number } | null
  readonly overlay: {
    /** As its owner has it. */
    readonly provider: 'auto' | 'wireguard' | 'tailscale' | 'none'
    readonly port: number
    /** Why WireGuard, or the tailnet, cannot be set up here; null when nothing speaks against it. */
    readonly obstacle: string | null
    /** What helps against it, where that is one command. */
    readonly fix?: string | null
  }
  readonly firewall: 'none' | 'ufw' | 'firewalld'
  readonly hasSystemd: boolean
}
