// tcp_time_wait.cc - remembering and forgetting closed connections, without events.
#include "sim/ns3/tcp_time_wait.h"

namespace shakedown
{

constexpr uint64_t kTimeWait = 60 * SD_SECOND; // Linux's TCP_TIMEWAIT_LEN

void TimeWaits::ForgetOld(uint64_t now)
{
    for (; !m_ends.empty() && m_ends.front().until <= now; m_ends.pop_front()) {
        auto found = m_states.find(m_ends.front().names);
        if (found != m_states.end() && found->second.until <= now)
            m_states.erase(found);
    }
}

void TimeWaits::Add(const FourTuple &names, const TimeWait &state)
{
    uint64_t now = ClockNs();
    ForgetOld(now);
    TimeWait &added = m_states[names];
    added = state;
    added.until = now + kTimeWait;
    m_ends.push_back({added.until, names});
}

TimeWait *TimeWaits::Find(const FourTuple &names)
{
    auto found = m_states.find(names);
    return found != m_states.end() && found->second.until > ClockNs() ? &found->second : nullptr;
}

void TimeWaits::Prolong(const FourTuple &names, TimeWait *state)
{
    state->until = ClockNs() + kTimeWait;
    m_ends.push_back({state->until, names});
}

void TimeWaits::Remove(const FourTuple &names)
{
    m_states.erase(names);
}

} // namespace shakedown
