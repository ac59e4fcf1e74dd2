-- Quantities: 25*ms, 10*Mbps, 64*KiB, 5*percent.  A bare number where a quantity is due, or a time
-- plus a size, is an error that names both.  Amounts are whole ns, bit/s, bytes, ppm or packets/s
-- where they can be.
local P = ...
local Quantity = { is = "quantity" }
local methods = {}

-- Base unit first; `column` is what a cell of runs.csv counts in.
P.dims = {
  time = { units = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } },
           example = "25*ms", column = "us", column_unit = 1000 },
  rate = { units = { { "bps", 1 }, { "kbps", 1000 }, { "Mbps", 1000000 }, { "Gbps", 1000000000 } },
           example = "10*Mbps", column = "bps", column_unit = 1 },
  size = { units = { { "B", 1 }, { "KiB", 1024 }, { "MiB", 1048576 } },
           example = "64*KiB", column = "bytes", column_unit = 1 },
  ratio = { units = { { "percent", 10000 } }, example = "1*percent", column = "ppm",
            column_unit = 1 },
  pps = { units = { { "pps", 1 } }, example = "1000*pps", column = "pps", column_unit = 1 },
}

-- Decimal fractions of units come out whole: 1.1*percent is 11000 ppm.
local function whole(amount)
  if math.type(amount) == "integer" then
    return amount
  end
  local near = math.floor(amount + 0.5)
  if near == near and math.abs(amount) < 2 ^ 62 and math.abs(amount - near) <= 1e-9 * math.abs(amount)
  then
    return math.tointeger(near) or amount
  end
  return amount
end

function P.quantity(dim, amount)
  return setmetatable({ dim = dim, amount = whole(amount) }, Quantity)
end
local quantity = P.quantity

local function is_quantity(value)
  return getmetatable(value) == Quantity
end

local function mixed(verb, a, b)
  for _, side in ipairs { a, b } do
    if P.is(side) == "missing" then
      side:complain()
    end
  end
  local number = type(a) == "number" and a or type(b) == "number" and b
  local other = is_quantity(a) and a or b
  P.fail(nil, "cannot %s %s and %s%s", verb, P.found(a), P.found(b),
         number and is_quantity(other) and
           string.format("; give the number a unit: %s*%s", tostring(number),
                         P.dims[other.dim].units[1][1]) or "")
end

local function same(verb, a, b)
  if not is_quantity(a) or not is_quantity(b) or a.dim ~= b.dim then
    mixed(verb, a, b)
  end
end

-- A product or quotient whose sides are of these dimensions ("number" is one).
local products = {
  ["rate time"] = function(a, b) return quantity("size", a * b / 8000000000) end,
  ["pps time"] = function(a, b) return whole(a * b / 1000000000) end,
}
local quotients = {
  ["size time"] = function(a, b) return quantity("rate", a * 8000000000 / b) end,
  ["size rate"] = function(a, b) return quantity("time", a * 8000000000 / b) end,
  ["number time"] = function(a, b) return quantity("pps", a * 1000000000 / b) end,
  ["number pps"] = function(a, b) return quantity("time", a * 1000000000 / b) end,
}

local function side(value)
  if is_quantity(value) then
    return value.dim, value.amount
  elseif type(value) == "number" then
    return "number", value
  end
end

function Quantity.__mul(a, b)
  local dim_a, x = side(a)
  local dim_b, y = side(b)
  if not dim_a or not dim_b then
    mixed("multiply", a, b)
  elseif dim_a == "number" then
    return quantity(dim_b, x * y)
  elseif dim_b == "number" then
    return quantity(dim_a, x * y)
  elseif dim_a == "ratio" then
    return quantity(dim_b, x * y / 1000000)
  elseif dim_b == "ratio" then
    return quantity(dim_a, x * y / 1000000)
  end
  local product = products[dim_a .. " " .. dim_b]
  if product then
    return product(x, y)
  end
  product = products[dim_b .. " " .. dim_a]
  return product and product(y, x) or mixed("multiply", a, b)
end

function Quantity.__div(a, b)
  local dim_a, x = side(a)
  local dim_b, y = side(b)
  if not dim_a or not dim_b then
    mixed("divide", a, b)
  elseif dim_a == dim_b then
    return x / y
  elseif dim_b == "number" then
    return quantity(dim_a, x / y)
  end
  local quotient = quotients[dim_a .. " " .. dim_b]
  return quotient and quotient(x, y) or mixed("divide", a, b)
end

function Quantity.__add(a, b)
  same("add", a, b)
  return quantity(a.dim, a.amount + b.amount)
end

function Quantity.__sub(a, b)
  same("subtract", a, b)
  return quantity(a.dim, a.amount - b.amount)
end

function Quantity.__unm(a)
  return quantity(a.dim, -a.amount)
end

function Quantity.__eq(a, b)
  same("compare", a, b)
  return a.amount == b.amount
end

function Quantity.__lt(a, b)
  same("compare", a, b)
  return a.amount < b.amount
end

function Quantity.__le(a, b)
  same("compare", a, b)
  return a.amount <= b.amount
end

function Quantity.__concat(a, b)
  return tostring(a) .. tostring(b)
end

-- In the largest unit of which there is at least one; percent is written %.
function Quantity:__tostring()
  local units = P.dims[self.dim].units
  if self.dim == "ratio" then
    return string.format("%.10g%%", self.amount / 10000)
  end
  for at = #units, 1, -1 do
    if math.abs(self.amount) >= units[at][2] or at == 1 then
      return string.format("%.10g %s", self.amount / units[at][2], units[at][1])
    end
  end
end

function methods:within(low, high)
  same("compare", self, low)
  same("compare", self, high)
  return low.amount <= self.amount and self.amount <= high.amount
end

function Quantity.__index(_, name)
  local method = methods[name]
  if not method then
    P.fail(nil, "a quantity has no '%s'%s", tostring(name), P.hint(tostring(name), P.keys(methods)))
  end
  return method
end

function Quantity.__newindex()
  P.fail(nil, "a quantity cannot be changed; make another one")
end

-- The words that scripts multiply by.
P.units = {}
for _, dim in ipairs(P.keys(P.dims)) do
  for _, unit in ipairs(P.dims[dim].units) do
    P.units[unit[1]] = quantity(dim, unit[2])
  end
end
P.units.minutes = quantity("time", 60000000000)

-- -- as people type them behind --set: 31.169ms, 2%, 1000pps, 64KiB --

local typed = { ["%"] = P.units.percent, ppm = quantity("ratio", 1), min = P.units.minutes,
                GiB = quantity("size", 1073741824) }
for _, name in ipairs(P.keys(P.units)) do
  typed[name] = P.units[name]
end

-- A quantity, a whole number or a word; nil and why when it is none of them.
function P.parse(text)
  local sign, digits, fraction, unit =
    string.match(text, "^(%-?)(%d+)%.?(%d*)%s*%*?%s*([%a%%]*)$")
  if not digits or (#fraction == 0 and string.find(text, ".", 1, true)) then
    if string.match(text, "^%a[%w_.-]*$") then
      return text
    end
    return nil, string.format("expected a number with its unit, or a word, found '%s'", text)
  end
  if #digits + #fraction > 18 then
    return nil, string.format("expected at most 18 digits, found '%s'", text)
  end
  local amount = math.tointeger(tonumber(digits .. fraction))
  if sign == "-" then
    amount = -amount
  end
  local scale = math.tointeger(10 ^ #fraction)
  if unit == "" then
    if amount % scale ~= 0 then
      return nil, string.format("expected a unit behind the number, as in 2%% or 25ms, found '%s'",
                                text)
    end
    return amount // scale
  end
  if not typed[unit] then
    return nil, string.format("unknown unit '%s' in '%s'%s", unit, text,
                              P.hint(unit, P.keys(typed)))
  end
  local times = typed[unit].amount
  -- Whole numbers stay exact as long as they fit.
  if math.abs(amount) < (1 << 62) // times and amount * times % scale == 0 then
    return quantity(typed[unit].dim, amount * times // scale)
  end
  return quantity(typed[unit].dim, amount / scale * times)
end

-- -- kinds of fields: exact values for C --

local function articled(dim)
  return ({ time = "a time", rate = "a rate", size = "a size", ratio = "a ratio",
            pps = "a packet rate" })[dim] .. " such as " .. P.dims[dim].example
end

-- A quantity from low to high (in base units), rounded to whole base units.
function P.kind_quantity(dim, low, high)
  return {
    expected = articled(dim),
    take = function(value)
      if not is_quantity(value) or value.dim ~= dim then
        return nil
      end
      local near = math.floor(value.amount + 0.5)
      if near < low then
        return nil, "at least " .. tostring(quantity(dim, low))
      elseif near > high then
        return nil, "at most " .. tostring(quantity(dim, high))
      end
      return math.tointeger(near)
    end,
  }
end

P.kinds = {
  time = P.kind_quantity("time", 0, 1000000 * 1000000000),
  span = P.kind_quantity("time", 1, 1000000 * 1000000000),
  rate = P.kind_quantity("rate", 1, 1000000000000),
  size = P.kind_quantity("size", 0, 1 << 40),
  ratio = P.kind_quantity("ratio", 0, 1000000),
  pps = P.kind_quantity("pps", 0, 100000000),
}

function P.kind_count(low, high, example)
  return {
    expected = string.format("a whole number such as %d", example),
    take = function(value)
      local exact = type(value) == "number" and math.tointeger(value)
      if not exact then
        return nil
      elseif exact < low or exact > high then
        return nil, string.format("a whole number from %d to %d", low, high)
      end
      return exact
    end,
  }
end

function P.kind_word(...)
  local words = { ... }
  return {
    expected = "one of " .. P.list(words),
    take = function(value)
      for _, word in ipairs(words) do
        if word == value then
          return value
        end
      end
      local near = type(value) == "string" and P.host.nearest(value, words)
      return nil, near and string.format("'%s'", near)
    end,
  }
end

P.kinds.flag = {
  expected = "true or false",
  take = function(value)
    if type(value) == "boolean" then
      return value
    end
  end,
}
P.kinds.text = {
  expected = "a text in quotes",
  take = function(value)
    if type(value) == "string" then
      return value
    end
  end,
}
