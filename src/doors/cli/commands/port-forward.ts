import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'
import { interrupted } from '../exit-code.ts'
import { workloadStates } from '../work/follow.ts'
import { listen, parseForward } from '../talk/port-forward.ts'

export default command({
  name: 'port-forward',
  about: 'Reach ports of a workload at ports of this machine.',
  details:
    'Goes on until Ctrl-C, or until the workload has ended. Every connection finds the workload anew: after a restart or a move to another ' +
    'node, new connections reach it there.',
  positionals: {
    workload: { about: 'Name or id of the workload', completes: 'workload' },
    ports: { about: 'LOCAL:REMOTE, or one number for both; 0 as LOCAL takes any free port', rest: true },
  },
  options: {
    address: { kind: 'text', value: 'ADDRESS', about: 'Where to listen (127.0.0.1 if left out)' },
  },
  examples: [
    'port-forward llm-inference 8080',
    'port-forward llm-inference 8080:80 9090',
    'port-forward llm-inference 0:80 -o json',
  ],

  async run({ workload, ports, address }, { api: connect, out, signal }) {
    const forwards = ports.map(parseForward)
    const host = address ?? '127.0.0.1'
    const api = await connect()
    const { id, name } = await api.call('workload.info', { workload }, signal)
    const onFailure = (failure: Error, { remote }: { readonly remote: number }): void =>
      out.note(`a connection to port ${remote} was closed: ${failure.message}`)
    const off = new AbortController()
    const ended = AbortSignal.any([signal, off.signal])
    try {
      for (const forward of forwards) {
        const port = await listen(forward, { api, workload: id, host, signal: ended, onFailure })
        const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`
        const line = { address: shown, port: forward.remote, workload: name, id }
        await out.item(line, `${shown} leads to port ${forward.remote} of ${name}\n`)
      }
      let state = 'gone'
      for await (const last of workloadStates(api, id, ended)) state = last.state
      throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state })
    } catch (error) {
      if (signal.aborted) return interrupted
      throw error
    } finally {
      off.abort()
    }
  },
})
