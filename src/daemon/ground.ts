/** What every part of a daemon stands on: its folder, its keys, its clock, its log. */
import { existsSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { openDisk } from '../adapters/disk/disk.ts'
import { type Identity, loadIdentity } from '../adapters/keys/identity.ts'
import { createVerifier } from '../adapters/keys/signatures.ts'
import { AddressBookLocked, openAddressBook } from '../adapters/level/address-book.ts'
import { pinoLog } from '../adapters/pino/log.ts'
import { prometheusMetrics, type ScrapedMetrics } from '../adapters/prometheus/metrics.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { systemRandom } from '../adapters/system/random.ts'
import type { Config } from '../config/schema.ts'
import { socketFile } from '../doors/api/service.ts'
import { checkSocketPath } from '../doors/api/socket-file.ts'
import { ClawError } from '../model/failure.ts'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/journal.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Verifier } from '../ports/signer.ts'
import type { TailscaleService } from '../services/tailscale/service.ts'
import { tailscaleOf } from './tailscale.ts'

export interface Ground {
  readonly config: Config
  /** Version of this program. */
  readonly version: string
  /** What the node calls itself; the mesh may add a number to keep names apart. */
  readonly name: string
  readonly disk: Disk
  readonly identity: Identity
  readonly verifier: Verifier
  readonly addressBook: Awaited<ReturnType<typeof openAddressBook>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: ScrapedMetrics
  /** The network of another's making that the host may be in. Where only that leads to the mesh, it is wanted before the mesh is. */
  readonly tailnet: TailscaleService
  /** Ends the daemon: something happened that only a bug can explain. */
  readonly panic: (error: unknown) => void
}

export interface GroundInit {
  readonly config: Config
  readonly version: string
  /** The machine's own if left out. */
  readonly clock?: Clock
}

/** Opens the data directory, which only one daemon may have. Throws CONFIG_INVALID when another has it or it cannot be used. */
export async function openGround(
  { config, version, clock = systemClock }: GroundInit,
  panic: (error: unknown) => void,
): Promise<Ground> {
  const log = pinoLog({ level: config.logging.level, format: logFormat(config) })
  checkSocketPath(join(socketFolder(config), socketFile))
  await makePrivate(config.dataDir)
  const addressBook = await lock(config.dataDir, log)
  const disk = await openDisk(join(config.dataDir, 'state'))
  const identity = await loadIdentity(disk)
  const name = config.node.name ?? hostName()
  return {
    config,
    version,
    name,
    disk,
    identity,
    verifier: createVerifier(),
    addressBook,
    clock,
    random: systemRandom,
    log,
    metrics: prometheusMetrics(),
    tailnet: tailscaleOf({ config, clock, log, name }),
    panic,
  }
}

/** Where the API's socket is looked for. */
export const socketOf = ({ config }: Pick<Ground, 'config'>): string => join(config.dataDir, socketFile)

/** Where the sockets are: a group of users has no business in the data directory. */
export const socketFolder = ({ dataDir, api }: Pick<Config, 'dataDir' | 'api'>): string =>
  api.socketDir ?? (api.socketGroup === undefined ? dataDir : '/run/clawnode')

function logFormat({ logging }: Config): 'pretty' | 'json' {
  if (logging.format !== 'auto') return logging.format
  return process.stderr.isTTY ? 'pretty' : 'json'
}

/** Node's own recursive mkdir never ends on /proc and its like; going down step by step does. */
async function makePrivate(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir)
    await chmod(dataDir, 0o700)
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', { file: dataDir, problem: (error as Error).message }, { cause: error })
  }
}

async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) return
  await makeFolder(dirname(path))
  await mkdir(path, { mode: 0o700 })
}

/** LevelDB's lock is the daemon's: the kernel lets go of it however the process ends. */
async function lock(dataDir: string, log: Log): Promise<Ground['addressBook']> {
  try {
    return await openAddressBook(join(dataDir, 'addresses'), log)
  } catch (error) {
    if (!(error instanceof AddressBookLocked)) throw error
    const problem = 'another clawnode is running with this data directory'
    throw new ClawError('CONFIG_INVALID', { file: dataDir, problem }, { cause: error })
  }
}

/** The host's name without its domain, as far as a node may be called so. */
function hostName(): string {
  const [name = ''] = hostname().split('.')
  return (
    name
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
      .slice(0, 64) || 'node'
  )
}
