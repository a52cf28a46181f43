/** Submits small work, one after the other, to whichever daemon answers, and remembers what was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Daemon } from './mesh.ts'

export class StreamOfWork {
  /** Names of what a daemon said that it has taken. */
  readonly acknowledged: string[] = []
  readonly #daemons: () => readonly Daemon[]
  #going = false
  #done: Promise<void> = Promise.resolve()

  constructor(daemons: () => readonly Daemon[]) {
    this.#daemons = daemons
  }

  start(): void {
    this.#going = true
    this.#done = this.#run()
  }

  /** Returns when what was submitted last has been acknowledged. */
  async stop(): Promise<void> {
    this.#going = false
    await this.#done
  }

  async #run(): Promise<void> {
    while (this.#going) await this.#submit(`job-${this.acknowledged.length}`)
  }

  /** Asked for again under the same key until a daemon has answered, so that it is submitted once however often it is asked for. */
  async #submit(name: string): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const daemons = this.#daemons()
      const daemon = daemons[attempt % daemons.length]
      const words = ['run', '-d', '--name', name, '--idempotency-key', name, 'host', '--', 'true']
      const reply = await daemon?.cli('--json', ...words)
      if (reply?.code === 0) {
        this.acknowledged.push(name)
        return
      }
      await sleep(100)
    }
    throw new Error(`nobody took ${name}`)
  }
}
