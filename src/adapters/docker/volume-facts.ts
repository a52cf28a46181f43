/** Whose the folder of a volume is, and how much is in it. */
import { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { tarEnd, tarHeader } from '../../lib/tar-header.ts'
import { type Millis, second } from '../../model/time.ts'
import { ask } from './engine.ts'
import { helperWith, type Host, inside, refused, told } from './volume-copier.ts'

/** An archive cannot say anything of the folder that it is unpacked to, so it is unpacked to the one above. */
export async function giveTo(
  host: Host,
  volume: string,
  user: number | 'everybody',
  signal: AbortSignal,
): Promise<void> {
  const copier = await helperWith(host, { volume }, signal)
  try {
    const whose = user === 'everybody' ? { mode: 0o777, owner: 0 } : { mode: 0o755, owner: user }
    const folder = { name: `${inside.slice(1)}/`, bytes: 0, isFolder: true, ...whose }
    const archive = Buffer.concat([tarHeader(folder), tarEnd()])
    await ask(signal, (abortSignal) =>
      copier.container.putArchive(Readable.from([archive]), { path: '/', abortSignal }),
    )
  } catch (error) {
    throw refused(error, `the folder of the volume ${volume} could not be given away`)
  } finally {
    await copier.leave()
  }
}

interface Used {
  readonly Volumes?: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } | null }[] | null
}

/** It walks through all of its volumes; one that takes longer could not say soon enough that one is too full. */
const patience: Millis = 20 * second

/** The engine looks at all of its volumes: it cannot be asked about some. Of one that it cannot look at it says less than nothing, or nothing at all. */
export const sizesOf = (
  docker: Dockerode,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> =>
  told('how much is in its volumes could not be asked', async () => {
    const { Volumes } = await ask(signal, (abortSignal) => usedBy(docker, abortSignal), patience)
    return new Map(
      (Volumes ?? []).flatMap(({ Name, UsageData }) => {
        const bytes = UsageData?.Size ?? -1
        return names.has(Name) && bytes >= 0 ? [[Name, bytes] as const] : []
      }),
    )
  })

/** Only of volumes: its client can only ask about everything, which takes far longer. */
function usedBy({ modem }: Dockerode, abortSignal: AbortSignal): Promise<Used> {
  const { promise, resolve, reject } = Promise.withResolvers<Used>()
  const asked = {
    path: '/system/df?',
    method: 'GET',
    options: { type: 'volume' },
    abortSignal,
    statusCodes: { 200: true },
  }
  const client = modem as { dial(what: object, done: (error: Error | null, answer: unknown) => void): void }
  client.dial(asked, (error, answer) => (error === null ? resolve(answer as Used) : reject(error)))
  return promise
}
