/** A terminal, or a pipe, that remembers what was written to it. */
import { Readable, Writable } from 'node:stream'
import type { Host, Sink } from '../../src/doors/cli/host.ts'

export class Recorder extends Writable {
  text = ''
  readonly isTTY: boolean

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
  }
}

export interface FakeHost extends Host {
  readonly stdout: Recorder & Sink
  readonly stderr: Recorder & Sink
}

export const fakeHost = ({
  isTTY = false,
  env = {},
  home = '/nowhere',
  input = '',
}: {
  readonly isTTY?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly home?: string
  readonly input?: string
} = {}): FakeHost => ({
  env: { NO_COLOR: '1', ...env },
  home,
  stdin: Object.assign(Readable.from([input]), { isTTY }),
  stdout: new Recorder(isTTY),
  stderr: new Recorder(isTTY),
  version: '0.1.0',
  simulate: () => Promise.reject(new Error('nobody simulates in this test')),
  simulateMarket: () => Promise.reject(new Error('nobody simulates in this test')),
  signIn: () => Promise.reject(new Error('nobody signs in in this test')),
  visit: () => Promise.reject(new Error('nobody visits in this test')),
})
