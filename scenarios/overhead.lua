-- How many bytes does protection add, how much fits into a packet, and what does a megabyte cost?
--
--   shakedown run overhead
--   shakedown run overhead --set load=small --trace
--
-- load = bulk: the server sends 16 MiB as fast as 100 Mbit/s allow.  load = small: the client sends
-- 500 messages of 100 bytes, one every 20 ms.  Wire bytes are those of IP packets, both ways:
-- acknowledgements count.  A tunnel carries TCP or UDP headers of its own inside, which count as
-- well.  What the handshake took is left out of bytes and packets; its processor time, about one
-- percent of that of 16 MiB, is not.

local client, server = host "client" { cpu = cost(each.cpu) }, host "server" { cpu = cost(each.cpu) }

local bulk  = 16*MiB
local size  = 100*B
local count = 500

return scenario {
  title   = "What protection adds to data",
  chapter = 12,
  tags    = { "cost", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = { "fresh" },
    load     = { "small", "bulk" },
    cpu      = { "reference" },
  },

  network  = { link { client, server, delay = 5*ms, rate = 100*Mbps, queue = 512*KiB } },
  agents   = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:connect(server)),
    on(client, "ready", function (run)
      if run.load == "bulk" then
        server:send(client, bulk)(run)
      else
        client:stream(server) { size = size, every = 20*ms, count = count } (run)
        after(11*s, stop())(run)
      end
    end),
    on(client, "received all", stop()),
    at(60*s, stop "the data never got there"),
  },

  measure = {
    "client.cpu", "server.cpu", "transfer.time", "transfer.bytes", "stream.received",
    -- Of wire bytes that were neither payload nor handshake, for each payload byte.
    overhead = function (r)
      local payload = known(r.transfer.bytes) and r.transfer.bytes or r.stream.received * size
      local wire = r.client.bytes_in + r.client.bytes_out - r["handshake.bytes"]
      return (wire - payload) / payload * 100*percent
    end,
    payload_per_packet_bytes = function (r)
      if known(r.transfer.bytes) then
        return r.transfer.bytes / (r.client.packets_in - r.handshake.packets.server)
      end
    end,
    wire_per_message_bytes = function (r)
      if known(r.stream.received) then
        return (r.client.bytes_out - r["handshake.bytes.client"]) / r.stream.received
      end
    end,
    cpu_per_mebibyte_ns = function (r)
      if known(r.transfer.bytes) then
        return (r.client.cpu + r.server.cpu) / (bulk / MiB)
      end
    end,
  },

  expect = {
    { "the data gets there", function (r) return r.outcome == "ok" end },
  },

  table = {
    by = { "protocol", "mode", "load" },
    columns = {
      { "overhead_ppm", "overhead" },
      { "wire_per_message_bytes", "wire_per_message_bytes" },
      { "payload_per_packet_bytes", "payload_per_packet_bytes" },
      { "cpu_per_mebibyte_ns", "cpu_per_mebibyte_ns" },
      { "transfer_ns", "transfer.time" },
    },
  },
  plot = {
    { name = "overhead", x = "load", y = "overhead", by = "protocol", kind = "bars", scale = "log",
      title = "Bytes that protection adds, headers and acknowledgements included" },
    { name = "cost-of-data", x = "mode", y = "cpu_per_mebibyte_ns", by = "protocol", kind = "bars",
      title = "Processor time of both sides for a mebibyte", when = { load = "bulk" } },
  },
  answer = { of = "cpu_per_mebibyte_ns", when = { load = "bulk" }, say = "of processor time a mebibyte" },
}
