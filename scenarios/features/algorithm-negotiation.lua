-- Do two peers find the algorithm that both know, and refuse to talk when there is none?
--
-- The server knows one suite.  The first client prefers another and knows this one, too; the second
-- client knows only the other.  A protocol that is not told of suites here has no such option.

local client, stranger = host "client", host "stranger"
local server, switch   = host "server", router "switch"

local aes, chacha = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"
local one, other  = "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"
local srtp_gcm, srtp_ctr = "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"
local ike = "-prfsha256-x25519"
local both = by_protocol {
  tls12 = { suites = aes .. ":" .. chacha }, dtls12 = { suites = aes .. ":" .. chacha },
  tls13 = { suites = one .. ":" .. other }, dtls13 = { suites = one .. ":" .. other },
  quic = { suites = "AES-128-GCM:CHACHA20-POLY1305" },
  ipsec = { ike = "aes128gcm16-chacha20poly1305" .. ike },
  srtp = { profiles = srtp_gcm .. ":" .. srtp_ctr },
  tcpcrypt = { ciphers = "aes-128-gcm,chacha20-poly1305" },
  gquic = { aead = "CC20" },
}
local first = by_protocol {
  tls12 = { suites = aes }, dtls12 = { suites = aes }, tls13 = { suites = one },
  dtls13 = { suites = one }, quic = { suites = "AES-128-GCM" },
  ipsec = { ike = "aes128gcm16" .. ike }, srtp = { profiles = srtp_gcm },
  tcpcrypt = { ciphers = "aes-128-gcm", encryption = "required" },
  gquic = { aead = "AESG" },
}
local second = by_protocol {
  tls12 = { suites = chacha }, dtls12 = { suites = chacha }, tls13 = { suites = other },
  dtls13 = { suites = other }, quic = { suites = "CHACHA20-POLY1305" },
  ipsec = { ike = "chacha20poly1305" .. ike }, srtp = { profiles = srtp_ctr },
  tcpcrypt = { ciphers = "chacha20-poly1305" },
}
local agreed = {} -- what either client says that it agreed on

return scenario {
  title   = "Suites in common, and none",
  feature = "AN",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, stranger, server, delay = 5*ms } },
  agents  = {
    client:runs   { each.protocol, options = both },
    stranger:runs { each.protocol, options = first },
    server:runs   { each.protocol, options = second },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(3*s, stranger:request(server)),
    on(client, "ready", function (_, event)
      agreed[1] = agreed[1] or event.detail
    end),
    on(stranger, "ready", function (_, event)
      agreed[2] = agreed[2] or event.detail
    end),
    on(stranger, "error", note "the second client gives up"),
    on(stranger, "reset", note "the second client's connection broke"),
    on(stranger, "refused", note "the second client's connection was refused"),
    at(11*s, stop()),
  },
  verdict = function (r)
    if r.client.replies == 0 then
      return no "two peers with a suite in common do not find it"
    elseif r.stranger.replies > 0 and agreed[1] ~= agreed[2] then
      return partly "clients that like different suites get different ones; all know the same"
    elseif r.stranger.replies > 0 then
      return no "whatever suites a client likes, it makes no difference"
    end
    return yes "they agree on the suite that both know; with none in common there is no session"
  end,
}
