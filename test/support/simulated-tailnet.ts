/** A tailnet that is files in a folder, with the stand-in for Tailscale's client of scripts/lab on it. No packet goes by it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const client = fileURLToPath(new URL('../../scripts/lab/tailscale', import.meta.url))

export class SimulatedTailnet {
  readonly folder = mkdtempSync(join(tmpdir(), 'claw-tailnet-'))

  /** `keys` let machines in; addresses begin with `range`, which loopback answers to as well. */
  constructor(keys: readonly string[], range = '127.77.0.') {
    writeFileSync(join(this.folder, 'keys'), keys.map((key) => `${key}\n`).join(''))
    writeFileSync(join(this.folder, 'range'), range)
  }

  /** With which a process has the stand-in for its client, as this machine. */
  environment(host: string): Readonly<Record<string, string>> {
    return {
      PATH: `${client}:${process.env['PATH'] ?? ''}`,
      SIMULATED_TAILNET: this.folder,
      SIMULATED_TAILSCALE_HOST: host,
    }
  }

  /** What the stand-in of a machine goes by, as its script says. */
  put(host: string, file: string, content = ''): void {
    mkdirSync(join(this.folder, 'machines', host), { recursive: true })
    writeFileSync(join(this.folder, 'machines', host, file), content)
  }

  take(host: string, file: string): void {
    rmSync(join(this.folder, 'machines', host, file), { force: true })
  }

  read(host: string, file: string): string {
    return readFileSync(join(this.folder, 'machines', host, file), 'utf8')
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
