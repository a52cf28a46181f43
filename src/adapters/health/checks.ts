/** Asks ports by HTTP and by TCP, each time over a connection of its own. */
import { request } from 'node:http'
import { connect } from 'node:net'
import type { CheckTarget, Finding, HealthChecks } from '../../ports/health-check.ts'

export const healthChecks: HealthChecks = { http: askHttp, tcp: askTcp }

function askHttp({ host, port, path }: CheckTarget & { readonly path: string }, signal: AbortSignal): Promise<Finding> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'clawbernetes-probe', connection: 'close' }
    const asked = request({ host, port, path, headers, agent: false, signal }, (response) => {
      const { statusCode: status = 0 } = response
      // The status is all there is to know; the body may be endless.
      response.destroy()
      resolve({ isWell: status >= 200 && status < 400, detail: `HTTP ${status}` })
    })
    asked.on('error', (error) => settle(error, signal, { resolve, reject }))
    asked.end()
  })
}

function askTcp({ host, port }: CheckTarget, signal: AbortSignal): Promise<Finding> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    socket.on('error', (error) => settle(error, signal, { resolve, reject }))
    socket.once('connect', () => {
      socket.destroy()
      resolve({ isWell: true, detail: 'connected' })
    })
  })
}

interface Settling {
  readonly resolve: (finding: Finding) => void
  readonly reject: (reason: unknown) => void
}

function settle(error: NodeJS.ErrnoException, signal: AbortSignal, { resolve, reject }: Settling): void {
  if (signal.aborted) reject(signal.reason)
  else resolve({ isWell: false, detail: inWords(error) })
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  ETIMEDOUT: 'connection timed out',
}

/** Node puts addresses and ports into its messages, which say nothing to whoever reads of a workload. */
const inWords = ({ code = '', message }: NodeJS.ErrnoException): string => words[code] ?? (code === '' ? message : code)
