#!/usr/bin/python3
"""gst_call.py - one end of a call by GStreamer's dtlssrtpenc and dtlssrtpdec, over one UDP port.

   gst_call.py client PORT PEER_PORT PEM SECONDS    speaks: A-law audio, a packet every 20 ms, and
                                                    expects each payload back
   gst_call.py server PORT 0 PEM SECONDS            sends back what it hears to where it comes from

PEM holds certificate and RSA key.  Prints what it heard; ends after so many seconds.  With each RTCP
packet that it gets it answers with a report about the sender's stream.
"""
import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstNet", "1.0")
from gi.repository import GLib, Gst, GstNet  # noqa: E402

role, port, peer_port, pem_file, seconds = sys.argv[1:]
client = role == "client"
Gst.init(None)

AUDIO = "audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay"
BACK = 'appsrc name=back is-live=true format=time do-timestamp=true ' \
       'caps="application/x-rtp,media=audio,payload=96,clock-rate=90000,encoding-name=X-ECHO"'
pipeline = Gst.parse_launch(f"""
    udpsrc name=in address=127.0.0.1 port={port} ! dtlssrtpdec name=dec connection-id=call
    dec.rtp_src ! appsink name=heard emit-signals=true sync=false async=false
    dec.rtcp_src ! appsink name=reports emit-signals=true sync=false async=false
    dtlssrtpenc name=enc connection-id=call is-client={"true" if client else "false"} !
        udpsink name=out host=127.0.0.1 port={peer_port} sync=false async=false
    {AUDIO if client else BACK} ! identity name=said ! enc.rtp_sink_0
    appsrc name=rtcp is-live=true format=time do-timestamp=true caps="application/x-rtcp" ! enc.rtcp_sink_0
""")
part = pipeline.get_by_name
with open(pem_file, encoding="ascii") as pem:
    part("dec").set_property("pem", pem.read())

said, heard, reports = [], [], []
state = {"seq": 100, "ssrc": 0, "highest": 0}


def payload_of(packet):
    return packet[12 + 4 * (packet[0] & 15):]


def pull(sink):
    buffer = sink.emit("pull-sample").get_buffer()
    return buffer.extract_dup(0, buffer.get_size())


def on_heard(sink):
    packet = pull(sink)
    heard.append(payload_of(packet))
    state["highest"], state["ssrc"] = struct.unpack(">H", packet[2:4])[0], struct.unpack(">I", packet[8:12])[0]
    if not client:
        header = struct.pack(">BBHII", 0x80, 96, state["seq"] & 0xffff, state["seq"] * 1800, 0x1badcafe)
        state["seq"] += 1
        part("back").emit("push-buffer", Gst.Buffer.new_wrapped(header + heard[-1]))
    return Gst.FlowReturn.OK


def on_report(sink):
    packet = pull(sink)
    reports.append(packet)
    if state["ssrc"]:
        middle = struct.unpack(">I", packet[10:14])[0] if packet[1] == 200 else 0
        report = struct.pack(">BBHI", 0x81, 201, 7, 0x1badcafe) + struct.pack(
            ">IIIIII", state["ssrc"], 0, state["highest"], 0, middle, 0)
        part("rtcp").emit("push-buffer", Gst.Buffer.new_wrapped(report))
    return Gst.FlowReturn.OK


def on_said(_, buffer):
    said.append(payload_of(buffer.extract_dup(0, buffer.get_size())))


part("heard").connect("new-sample", on_heard)
part("reports").connect("new-sample", on_report)
part("said").connect("handoff", on_said)

def on_datagram(_, info):
    meta = GstNet.buffer_get_net_address_meta(info.get_buffer())
    part("out").set_property("port", meta.addr.get_port())
    return Gst.PadProbeReturn.REMOVE


if not client:
    part("in").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_datagram)

# Both ways over one port: the sink writes on the source's socket.
part("in").set_state(Gst.State.READY)
part("in").set_state(Gst.State.PAUSED)
part("out").set_property("socket", part("in").get_property("used-socket"))
part("out").set_property("close-socket", False)

loop = GLib.MainLoop()
bus = pipeline.get_bus()
bus.add_signal_watch()


def on_error(_, message):
    print("error:", message.parse_error()[0].message, flush=True)
    loop.quit()


bus.connect("message::error", on_error)
pipeline.set_state(Gst.State.PLAYING)
print("listening", flush=True)
GLib.timeout_add(int(float(seconds) * 1000), loop.quit)
loop.run()

# What was said last may be on its way.
back = sum(1 for one in heard if one in said) if client else len(heard)
print(f"said {len(said)}, heard {back}, reports {len(reports)}", flush=True)
if not client:
    sys.stdout.buffer.write(b"".join(heard) + b"\n")
    sys.stdout.flush()
pipeline.set_state(Gst.State.NULL)
