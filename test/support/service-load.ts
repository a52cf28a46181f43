/** Requests to a deployment through the service ports of peers, over and over, and what became of them. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** One request that did not go as it should have. */
export interface Failure {
  /** 0 when there was no whole answer. */
  readonly status: number
  /** What was answered, or what went wrong. */
  readonly body: string
  readonly at: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Milliseconds between two requests of one client. */
const pause = 15

export class ServiceLoad {
  readonly failures: Failure[] = []
  /** How many were answered well, by what was answered. */
  readonly served = new Map<string, number>()
  #isOn = true
  readonly #clients: readonly Promise<void>[]

  /** Two clients for each of these hosts: one that keeps its connection, and one that takes a new one each time. */
  constructor(hosts: readonly string[], port: number) {
    this.#clients = hosts.flatMap((host) => [true, false].map((keepAlive) => this.#client({ host, port }, keepAlive)))
  }

  /** Ends when all that was asked is answered. */
  async stop(): Promise<void> {
    this.#isOn = false
    await Promise.all(this.#clients)
  }

  async #client(where: { readonly host: string; readonly port: number }, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 })
    while (this.#isOn) {
      const { status, body } = await ask(where, agent)
      if (status === 200) this.served.set(body, (this.served.get(body) ?? 0) + 1)
      else this.failures.push({ status, body, at: `${where.host}, ${keepAlive ? 'kept' : 'new'} connection` })
      await sleep(pause)
    }
    agent.destroy()
  }
}

/** Status 0 when there was no whole answer. */
export function ask({ host, port }: { readonly host: string; readonly port: number }, agent?: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const sent = request({ host, port, agent }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (part: string) => (body += part))
      response.on('error', () => resolve({ status: 0, body: 'the answer broke off' }))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    sent.on('error', (error) => resolve({ status: 0, body: error.message }))
    sent.end()
  })
}
