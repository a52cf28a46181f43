/** ICMP echo requests, by the system's `ping`. */
import { missingTool } from '../../ports/tool.ts'
import type { Echo, Tunnels } from '../../ports/tunnels.ts'
import { attempt, type Tooling } from './commands.ts'

type Options = Omit<Parameters<Tunnels['echo']>[1], 'signal'>

/** Headers of IPv4 and ICMP. */
const headerBytes = 28

export async function echo(tooling: Tooling, address: string, { from, count, size }: Options): Promise<Echo> {
  const whole = size === null ? [] : ['-M', 'do', '-s', String(size - headerBytes)]
  const args = ['-n', '-q', '-c', String(count), '-i', '0.2', '-W', '1', '-I', from, ...whole, address]
  const result = await attempt(tooling, 'ping', ...args)
  if (result.missing) return { ...nothing, problem: `${missingTool('ping')}: apt-get install iputils-ping` }
  return parseEcho(result.stdout) ?? { ...nothing, problem: firstLine(result.stderr) }
}

const nothing = { sent: 0, received: 0, averageMs: null }

/** Null when it says nothing of packets. */
export function parseEcho(text: string): Echo | null {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? []
  if (sent === undefined || received === undefined) return null
  const average = /= [\d.]+\/([\d.]+)\//.exec(text)?.[1]
  return {
    ...{ sent: Number(sent), received: Number(received), problem: null },
    averageMs: average === undefined ? null : Number(average),
  }
}

const firstLine = (text: string): string => text.split('\n')[0]?.slice(0, 200) || 'ping said nothing'
