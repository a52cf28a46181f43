/** What a host can be given beside what every host is made of. */
import { afterEach, expect, test } from 'vitest'
import { TestNet } from '../support/net.ts'

const net = new TestNet()
afterEach(() => net.stop())

test('a service of libp2p that a host is given starts and stops with it, and is told who the host is', async () => {
  const heard: string[] = []
  const host = await net.host(
    {},
    {
      extras: {
        listener: ({ peerId }) => ({
          start: () => heard.push(`start ${peerId.toString()}`),
          stop: () => heard.push('stop'),
        }),
      },
    },
  )
  expect(heard).toEqual([`start ${host.id}`])

  await net.stop()

  expect(heard).toEqual([`start ${host.id}`, 'stop'])
})
