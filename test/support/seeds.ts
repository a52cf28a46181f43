/** Runs the commands that users were promised, as they were written, on a mesh that runs. See test/fixtures/seeds/README.md. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { removeImages } from './docker-images.ts'
import { labImage } from './lab-docker.ts'
import type { Daemon, Reply } from './mesh.ts'
import { tarOf, type TarFile } from './tar.ts'

const folder = new URL('../fixtures/seeds/', import.meta.url)
export const seedText = (name: string): string => readFileSync(new URL(name, folder), 'utf8')

/** Images that have what the commands start. */
export interface SeedImages {
  /** Ends by itself. */
  readonly job: string
  /** Goes on, and ends at once when it is told to. */
  readonly server: string
  /** The same, newer. */
  readonly newer: string
  remove(): Promise<void>
}

const forever = "trap 'exit 0' TERM\nwhile :; do sleep 0.2; done\n"
const programs: Readonly<Record<string, string>> = {
  python: '[ "$1" = -c ] && { echo hello; exit; }\necho "hello from $*"\necho "ERROR: CUDA out of memory" >&2\n',
  'nvidia-smi': 'echo "NVIDIA-SMI $NVIDIA_VISIBLE_DEVICES"\n',
  nginx: forever,
  serve: `echo ready\n${forever}`,
}

export async function makeSeedImages(address: string): Promise<SeedImages> {
  const docker = connectEngine(address)
  const repo = `claw/seed-${randomBytes(4).toString('hex')}`
  const container = await docker.createContainer({ Image: labImage, NetworkDisabled: true })
  const files = Object.entries(programs).map(([name, text]): TarFile => ({
    name: `bin/${name}`,
    content: Buffer.from(`#!/bin/sh\n${text}`),
    spoil: (header) => void header.write('0000755\0', 100, 'latin1'),
  }))
  try {
    await container.putArchive(tarOf([...files, { name: 'app/', content: Buffer.alloc(0), type: '5' }]), { path: '/' })
    for (const [tag, command] of [
      ['job', '["python", "train.py"]'],
      ['server', '["serve"]'],
      ['newer', '["serve"]'],
    ] as const)
      await container.commit({ repo, tag, changes: `CMD ${command}`, comment: tag })
  } finally {
    await container.remove({ force: true })
  }
  const named = (tag: string): string => `${repo}:${tag}`
  return {
    ...{ job: named('job'), server: named('server'), newer: named('newer') },
    remove: () => removeImages(address, repo),
  }
}

/** Every one of these must be there, so that a change of the text is not overlooked. */
export function replaced(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`there is no ${from} any more`)
    return before.replaceAll(from, to)
  }, text)
}

/** One `node.invoke NODE COMMAND JSON`. */
export interface SeedInvocation {
  readonly command: string
  readonly params: string
}

export const invocationsIn = (text: string): readonly SeedInvocation[] =>
  text
    .split(/^node\.invoke <node-id> /m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, command = '', params = ''] = /^(\S+)\s*(\{.*\})?\s*$/s.exec(part) ?? []
      return { command, params: params === '' ? '{}' : params }
    })

const dist = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))

/** A folder in which a shell finds the programs, the files beside it, and the way to this daemon. */
export class SeedShell {
  readonly #folder: string
  readonly #daemon: Daemon

  constructor(parent: string, daemon: Daemon) {
    this.#folder = join(parent, 'seeds')
    this.#daemon = daemon
    mkdirSync(join(this.#folder, 'bin'), { recursive: true })
    for (const name of ['clawbernetes', 'clawnode']) {
      const file = join(this.#folder, 'bin', name)
      writeFileSync(file, `#!/bin/sh\nexec ${process.execPath} ${dist(`${name}.js`)} "$@"\n`)
      chmodSync(file, 0o755)
    }
    const token = readFileSync(this.#tokenFile, 'utf8').trim()
    this.put('.curlrc', `fail\nsilent\nshow-error\nheader = "Authorization: Bearer ${token}"\n`)
  }

  get #tokenFile(): string {
    return join(this.#daemon.dataDir, 'api-token')
  }

  put(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text)
  }

  /** Runs the script to its end, or to the first command of it that fails. */
  run(script: string): Promise<Reply> {
    const child = spawn('sh', ['-ex'], {
      cwd: this.#folder,
      env: {
        ...{
          HOME: this.#folder,
          PATH: `${join(this.#folder, 'bin')}:${process.env['PATH'] ?? ''}`,
          NO_COLOR: '1',
          PS4: '+ $(date +%T) ',
        },
        ...{ CLAWBERNETES_GATEWAY_URL: `unix:${this.#daemon.socket}`, CLAWBERNETES_TOKEN_FILE: this.#tokenFile },
      },
    })
    const reply = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (reply.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (reply.stderr += text))
    child.stdin.end(script)
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code: code ?? 128, ...reply }))
    })
  }
}
