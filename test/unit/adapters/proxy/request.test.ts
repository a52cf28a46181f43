import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { KeptLinks } from '../../../../src/adapters/proxy/agents.ts'
import { passOn, Reply } from '../../../../src/adapters/proxy/request.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Chosen } from '../../../../src/ports/service-door.ts'

test('given somebody who has hung up already, when the request is passed on, then it is over at once and no replica hears of it', async () => {
  const request = new IncomingMessage(new Socket())
  Object.assign(request, { method: 'GET', url: '/', headers: { host: 'app.example.org' } })
  const response = new Reply(request)
  response.destroy()
  let reached = 0
  const chosen: Chosen = {
    placement: placementId(workloadId('wl-a'), 1),
    reach: () => {
      reached += 1
      return new Promise(() => {})
    },
    settle: () => {},
  }
  const links = new KeptLinks()
  const passed = await passOn({ request, response }, chosen, { kept: links.agentFor(chosen), isRepeatable: true })
  expect([passed, reached]).toEqual([{ outcome: { type: 'cancelled' } }, 0])
  links.close()
})
