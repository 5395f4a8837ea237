// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC3156FlashBorrower, IERC3156FlashLender} from "../../interfaces/IERC3156.sol";
import {Constants} from "../base/Constants.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from a lender of the ERC-3156 shape named at deployment (Maker's flash module), which pulls loan and fee.
/// @dev Anybody can make such a lender lend to the router: the initiator must be the router itself. The allowance is exact, and the
/// call reverts unless all of it was spent.
abstract contract ERC3156Lender is Lending {
    /// @notice The lender says that another account asked for the loan, or lends another token.
    error NotInitiator(address initiator, address token);

    /// Selector, four words, the data's length.
    uint256 private constant _DATA_AT = 0xa4;
    /// What the standard demands as an answer.
    bytes32 private constant _ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    address private immutable _erc3156Lender;

    constructor(Constants memory constants) {
        _erc3156Lender = constants.erc3156Lender;
    }

    function _erc3156Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        address lender = _available(_erc3156Lender, Plan.ERC3156_LOAN);
        uint256 callAt = Memory.free();
        uint256 dataAt = Read.skip(callAt, _DATA_AT);
        address token;
        uint256 amount;
        uint256 dataEnd;
        (, token, amount, dataEnd, next) = _readLoan(cursor, settlement, _PLAIN_FLAGS, dataAt);
        // flashLoan(address receiver, address token, uint256 amount, bytes data)
        Memory.putSelector(callAt, IERC3156FlashLender.flashLoan.selector);
        Memory.put(Read.skip(callAt, 0x04), uint160(address(this)));
        Memory.put(Read.skip(callAt, 0x24), uint160(token));
        Memory.put(Read.skip(callAt, 0x44), amount);
        Memory.put(Read.skip(callAt, 0x64), 0x80);
        _borrow(lender, IERC3156FlashBorrower.onFlashLoan.selector, callAt, dataAt, dataEnd);
        _requirePulled(token, lender);
    }

    /// @dev onFlashLoan(address initiator, address token, uint256 amount, uint256 fee, bytes data) returns (bytes32)
    function _onERC3156Loan() internal returns (uint256) {
        (address initiator, address asset) = (address(uint160(Read.word(4))), address(uint160(Read.word(36))));
        (uint256 start, uint256 length) = _acceptLoan(132);
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        if (initiator != address(this) || asset != token) revert NotInitiator(initiator, asset);
        uint256 repayment = _plus(amount, Read.word(100));
        _requireUnderCap(token, repayment, cap);
        _runLoan(start, length, at, amount);
        Payments.approve(token, msg.sender, repayment);
        return uint256(_ACCEPTED);
    }
}
