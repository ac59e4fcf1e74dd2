// tcp_time_wait.h - what a node remembers of connections that it closed first: enough to answer the
// peer's last FIN again, for a minute (RFC 9293 3.6.1), in a hundredth of a connection's memory.
#ifndef SD_NS3_TCP_TIME_WAIT_H
#define SD_NS3_TCP_TIME_WAIT_H

#include "sim/ns3/tcp_connection.h"

#include <deque>
#include <unordered_map>

namespace shakedown
{

struct TimeWait {
    ns3::SequenceNumber32 next, expected; // to send, to receive
    bool timestamps;
    uint32_t heard; // the peer's latest timestamp
    uint64_t until;
};

class TimeWaits
{
  public:
    void Add(const FourTuple &names, const TimeWait &state);
    // nullptr: none, or its minute is over.
    TimeWait *Find(const FourTuple &names);
    void Prolong(const FourTuple &names, TimeWait *state);
    void Remove(const FourTuple &names);

  private:
    struct End {
        uint64_t until;
        FourTuple names;
    };

    void ForgetOld(uint64_t now);

    std::unordered_map<FourTuple, TimeWait, FourTupleHash> m_states;
    std::deque<End> m_ends; // in order of time: all last equally long
};

} // namespace shakedown

#endif
