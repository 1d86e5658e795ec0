// The messages of milestone 4, field by field, as docs/protocol.md lists them. Chapter:
// tutorial/04-files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include <jalon/endpoint.hpp>
#include <jalon/message.hpp>

#include "02-users/messages.hpp"
#include "chat/names.hpp"

namespace chat {

using jalon::field;

/// What all these rules share: the code of the error, and what it says.
struct transfer_rule {
  static constexpr std::string_view code = "bad_transfer";
  static constexpr std::string_view reason =
      "a file's name, size or hash, or where to send it, is not as it should be";
};

/// A file name without a folder, so that it cannot name a file elsewhere.
struct file_name_rule : transfer_rule {
  static constexpr std::size_t most = 255;
  static bool allows(std::string_view text) {
    return !text.empty() && text.size() <= most && text != "." && text != ".." &&
           text.find_first_of("/\\") == text.npos && is_free_of_controls(text);
  }
};
using file_name = jalon::checked_text<file_name_rule>;

/// 64 lower-case hex digits.
struct sha256_rule : transfer_rule {
  static bool allows(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'f');
           });
  }
};
using sha256_hex = jalon::checked_text<sha256_rule>;

/// The secret by which a receiver recognises the sender: 1 to 128 visible characters.
struct token_rule : transfer_rule {
  static bool allows(std::string_view text) {
    return !text.empty() && text.size() <= 128 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  }
};
using secret_token = jalon::checked_text<token_rule>;

/// A numeric address. It has no scope, which would name an interface of the host that sends it.
struct address_rule : transfer_rule {
  static bool allows(std::string_view text) {
    return text.find('%') == text.npos && jalon::endpoint::ip(text, 0).has_value();
  }
};
using ip_address = jalon::checked_text<address_rule>;

/// A number of bytes of a file, at most the greatest size that a file can have.
struct file_size_rule : transfer_rule {
  static constexpr std::uint64_t least = 0;
  static constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
};
using file_size = jalon::checked_number<file_size_rule>;

struct port_rule : transfer_rule {
  static constexpr std::uint64_t least = 1;
  static constexpr std::uint64_t most = 65'535;
};
using port_number = jalon::checked_number<port_rule>;

/// Request: offer a file.
struct file_offer {
  static constexpr std::string_view type = "file_offer";
  nickname to;
  file_name file;
  file_size size;
  sha256_hex sha256;
  static constexpr auto fields() {
    return std::tuple{field{"to", &file_offer::to}, field{"file", &file_offer::file},
                      field{"size", &file_offer::size}, field{"sha256", &file_offer::sha256}};
  }
};

struct file_offered {
  static constexpr std::string_view type = "file_offered";
  std::string transfer;
  static constexpr auto fields() { return std::tuple{field{"transfer", &file_offered::transfer}}; }
};

/// Event: a user offers you a file.
struct file_offer_event {
  static constexpr std::string_view type = "file_offer";
  std::string from;
  std::string transfer;
  file_name file;
  file_size size;
  sha256_hex sha256;
  static constexpr auto fields() {
    return std::tuple{
        field{"from", &file_offer_event::from}, field{"transfer", &file_offer_event::transfer},
        field{"file", &file_offer_event::file}, field{"size", &file_offer_event::size},
        field{"sha256", &file_offer_event::sha256}};
  }
};

/// Request: accept the file. The sender is to connect to this port.
struct file_accept {
  static constexpr std::string_view type = "file_accept";
  std::string transfer;
  std::optional<ip_address> address;
  port_number port;
  secret_token token;
  std::optional<file_size> offset;
  static constexpr auto fields() {
    return std::tuple{field{"transfer", &file_accept::transfer},
                      field{"address", &file_accept::address}, field{"port", &file_accept::port},
                      field{"token", &file_accept::token}, field{"offset", &file_accept::offset}};
  }
};

/// Event: your file is accepted; connect to this address and port.
struct file_accept_event {
  static constexpr std::string_view type = "file_accept";
  std::string from;
  std::string transfer;
  std::string address;
  port_number port;
  secret_token token;
  file_size offset;
  static constexpr auto fields() {
    return std::tuple{field{"from", &file_accept_event::from},
                      field{"transfer", &file_accept_event::transfer},
                      field{"address", &file_accept_event::address},
                      field{"port", &file_accept_event::port},
                      field{"token", &file_accept_event::token},
                      field{"offset", &file_accept_event::offset}};
  }
};

/// Request: reject the file.
struct file_reject {
  static constexpr std::string_view type = "file_reject";
  std::string transfer;
  static constexpr auto fields() { return std::tuple{field{"transfer", &file_reject::transfer}}; }
};

/// Event: your file is rejected.
struct file_reject_event {
  static constexpr std::string_view type = "file_reject";
  std::string from;
  std::string transfer;
  static constexpr auto fields() {
    return std::tuple{field{"from", &file_reject_event::from},
                      field{"transfer", &file_reject_event::transfer}};
  }
};

/// Request: cancel an offer before it is answered; either side may do so.
struct file_cancel {
  static constexpr std::string_view type = "file_cancel";
  std::string transfer;
  static constexpr auto fields() { return std::tuple{field{"transfer", &file_cancel::transfer}}; }
};

/// Event: the other side has cancelled an offer, or has left the chat.
struct file_cancel_event {
  static constexpr std::string_view type = "file_cancel";
  std::string transfer;
  std::string from;
  static constexpr auto fields() {
    return std::tuple{field{"transfer", &file_cancel_event::transfer},
                      field{"from", &file_cancel_event::from}};
  }
};

/// From sender to receiver: the line that precedes the bytes of the file.
struct file_send {
  static constexpr std::string_view type = "file_send";
  std::string transfer;
  std::string token;
  file_size offset;
  static constexpr auto fields() {
    return std::tuple{field{"transfer", &file_send::transfer}, field{"token", &file_send::token},
                      field{"offset", &file_send::offset}};
  }
};

/// From receiver to sender: the whole file has arrived.
struct file_ack {
  static constexpr std::string_view type = "file_ack";
  std::string transfer;
  sha256_hex sha256;
  static constexpr auto fields() {
    return std::tuple{field{"transfer", &file_ack::transfer}, field{"sha256", &file_ack::sha256}};
  }
};

}  // namespace chat
